/** Starts an application as one node of several, and makes requests to it. */
import { Child } from '../requests/hosts/child.mjs';
import { parseAnswer } from '../requests/http/answer.mjs';
import { Connection } from '../requests/http/connection.mjs';
import { singleRequest } from '../requests/http/requests.mjs';

export class Node {
  #child = new Child('../../client-cache/application.mjs');
  #load;
  #port;
  #connection;
  /** The headers of the logged-in users for the requests of a turn. */
  credentials = [];

  /** @param load the process that makes the requests of a turn */
  static async start(kind, { url, load }) {
    const node = new Node(kind, load);
    node.#port = await node.ask('start', { kind, url });
    node.#connection = await Connection.to(node.#port);

    return node;
  }

  constructor(name, load) {
    this.name = name;
    this.#load = load;
  }

  /** Calls a method of the application's process. */
  ask(command, input) {
    return this.#child.ask(command, input);
  }

  /** Makes one request, and returns its answer. */
  async request(method, path, credential) {
    return parseAnswer(await this.#connection.send(singleRequest(method, path, credential)));
  }

  /** Returns the headers of a new login. */
  async logIn(id) {
    const { cookies } = await this.request('POST', `/login/${id}`);
    return { cookie: cookies.join('; ') };
  }

  /** Returns the id of a new login's record. Its session cookie names it. */
  async logInForId(id) {
    const { cookie } = await this.logIn(id);
    return /=s:([\w-]{38})\./.exec(decodeURIComponent(cookie))[1];
  }

  /** Makes guarded requests. Returns the median time of an answer, in microseconds. */
  turn(count, connections) {
    const which = { route: 'protected', credentials: this.credentials };
    return this.#load.ask('turn', { port: this.#port, connections, count, ...which });
  }

  /** Makes guarded requests. Returns the microseconds of CPU time of each. */
  async cpuOfTurn(count, connections) {
    const before = await this.ask('cpu');
    await this.turn(count, connections);

    return ((await this.ask('cpu')) - before) / count;
  }

  async end() {
    this.#connection.close();
    await this.#child.end();
  }
}
