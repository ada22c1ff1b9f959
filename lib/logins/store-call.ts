/** A call to a store that answers in time or becomes a 503. */
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';

/**
 * The answer of one store call.
 * @param timeout milliseconds (the option `storeTimeout`)
 * @throws LoginUnavailableException when the call fails or takes longer
 */
export async function storeCall<Answer>(timeout: number, call: () => Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The store did not answer within ${timeout} ms.`)), timeout);
  });
  try {
    return await Promise.race([call(), late]);
  } catch (error) {
    throw new LoginUnavailableException('The store', error);
  } finally {
    clearTimeout(timer);
  }
}
