/** Checks that a program answers rightly, before anything is measured. */
import { FLOOR } from '../setup/programs.mjs';
import { credentialOf, forge } from './credential.mjs';

const REFUSED = [401, 403];

/** @throws Error that names the first wrong answer */
export async function checkProgram(program) {
  const first = credentialOf(await succeeded(program, 'POST', '/login/first'));
  await succeeded(program, 'GET', '/public');
  await succeeded(program, 'GET', '/public', first);
  if (program.name === FLOOR) return;

  const second = credentialOf(await succeeded(program, 'POST', '/login/second'));
  await requireUser(program, 'first', first);
  await requireUser(program, 'second', second);

  await requireRefusal(program, 'no credential', {});
  await requireRefusal(program, 'a forged credential', forge(first));
  await requireUser(program, 'first', first);
}

async function succeeded(program, ...asked) {
  const answer = await program.ask(...asked);
  const [method, path] = asked;
  if (answer.status !== 200 && answer.status !== 201)
    throw new Error(`${program.name} answered ${method} ${path} with ${answer.status}.`);

  return answer;
}

async function requireUser(program, id, credential) {
  const { body } = await succeeded(program, 'GET', '/protected', credential);
  if (body?.id !== id) throw new Error(`${program.name} took the user ${id} for ${body?.id}.`);
}

async function requireRefusal(program, what, credential) {
  const { status } = await program.ask('GET', '/protected', credential);
  if (!REFUSED.includes(status)) throw new Error(`${program.name} answered /protected with ${status} to ${what}.`);
}
