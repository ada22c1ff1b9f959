// Stops the databases that start-servers.mjs has started, after the last test file.
export default () => globalThis.stopServers?.();
