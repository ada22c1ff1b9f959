/** Hands requests to an application without a network. Everything runs except TCP and the HTTP parser. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** Stands for the socket of a browser. It keeps the text of an answer only if `kept` is a list. */
class BrowserSocket extends Duplex {
  remoteAddress = '127.0.0.1';
  remotePort = 50_000;
  kept = null;

  _read() {}

  _write(chunk, _encoding, done) {
    this.kept?.push(chunk);
    done();
  }
}

/** Makes a socket for requests that come one after the other. */
export const newSocket = () => new BrowserSocket();

function requestFrom(socket, { method, path, headers }) {
  const request = new IncomingMessage(socket);
  Object.assign(request, { method, url: path, headers, rawHeaders: Object.entries(headers).flat() });
  Object.assign(request, { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, complete: true });
  request.push(null);

  return request;
}

/**
 * Calls the application. Returns the status after the listeners of the answer have run.
 * @param server the application's HTTP server, which need not listen
 */
export function inject(server, socket, asked) {
  const request = requestFrom(socket, asked);
  const response = new ServerResponse(request);
  response.assignSocket(socket);

  return new Promise((resolve) => {
    // node:http does the same at the end of an answer.
    response.once('finish', () => {
      request.resume();
      response.detachSocket(socket);
      response.destroyed = true;
      process.nextTick(() => response.emit('close'));
    });
    // The next round of the event loop may still store a session or destroy the request.
    response.once('close', () => setImmediate(resolve, response.statusCode));
    server.emit('request', request, response);
  });
}

/** Calls the application, and returns the text of its answer. */
export async function injectForText(server, asked) {
  const socket = newSocket();
  socket.kept = [];
  await inject(server, socket, asked);

  return Buffer.concat(socket.kept).toString('latin1');
}
