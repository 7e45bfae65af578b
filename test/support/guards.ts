// Runs before every test file: a test that dials out of this machine fails.
import net from 'node:net';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost', '0.0.0.0', '::']);
const connect = net.Socket.prototype.connect;

function hostOf(args: readonly unknown[]): string | undefined {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof first === 'object' && first !== null) {
    const options = first as { host?: string; path?: string };
    return options.path === undefined ? (options.host ?? 'localhost') : 'localhost';
  }
  return typeof args[1] === 'string' ? args[1] : 'localhost';
}

net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]) {
  const host = hostOf(args);
  if (host !== undefined && !LOOPBACK.has(host)) throw new Error(`a test dialled ${host}; tests stay on this machine`);
  return Reflect.apply(connect, this, args) as net.Socket;
} as typeof net.Socket.prototype.connect;
