/** Sends requests over one keep-alive connection. It does little work, because the load must not slow the server. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { endOfAnswer } from './answer.mjs';

const HOST = '127.0.0.1';

export class Connection {
  #socket;
  #received = '';
  #waiting;

  /** Returns an open connection. */
  static async to(port) {
    const connection = new Connection(connect(port, HOST));
    await once(connection.#socket, 'connect');

    return connection;
  }

  constructor(socket) {
    this.#socket = socket.setNoDelay().setEncoding('latin1');
    socket.on('data', (text) => this.#receive(text));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('The server has closed the connection.')));
  }

  /** Sends a request, and returns the text of its answer. */
  send({ method, path, headers }) {
    let text = `${method} ${path} HTTP/1.1\r\n`;
    for (const name in headers) text += `${name}: ${headers[name]}\r\n`;

    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${text}\r\n`, 'latin1');
    });
  }

  close() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(text) {
    this.#received += text;
    const end = endOfAnswer(this.#received);
    if (end === null) return;

    const answer = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    this.#waiting?.resolve(answer);
  }
}
