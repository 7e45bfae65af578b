// A browser without a window, driven over its own protocol, for what people see and type in the playground. Machines without one skip those tests.
// @source Chrome DevTools Protocol, domains Page, Runtime and Input
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Of the browser; undefined where none is installed. `CHROMIUM` names one elsewhere. */
export const BROWSER = [process.env.CHROMIUM ?? '', ...PLACES].find((file) => existsSync(file));

/** How long a page may take to show what is waited for. */
const PATIENCE_MS = 60_000;

export class Browser {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: Record<string, unknown>) => void>();
  #calls = 0;

  private constructor(browser: ChildProcess, folder: string, socket: WebSocket) {
    this.#process = browser;
    this.#folder = folder;
    this.#socket = socket;
    socket.on('message', (raw) => {
      const { id, ...answer } = JSON.parse(String(raw)) as { id?: number };
      if (id !== undefined) this.#answers.get(id)?.(answer);
    });
    const gone = { result: {}, exceptionDetails: { exception: { description: 'the browser is gone' } } };
    socket.once('close', () => {
      for (const end of this.#answers.values()) end({ result: gone });
    });
  }

  /** @param url what it shows at first */
  static async open(url: string): Promise<Browser> {
    const folder = await mkdtemp(path.join(tmpdir(), 'darkroom-browser-'));
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const browser = spawn(
      BROWSER!,
      [...flags, '--remote-debugging-port=0', `--user-data-dir=${folder}`, '--window-size=900,800', url],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    try {
      const socket = new WebSocket(await pageOf(await portOf(browser), url));
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return new Browser(browser, folder, socket);
    } catch (thrown) {
      browser.kill('SIGKILL');
      throw thrown;
    }
  }

  /** Runs an expression in the page. @throws what it throws */
  async look<T>(expression: string): Promise<T> {
    const answer = await this.#call('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    const { result, exceptionDetails } = answer.result as {
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? 'the page threw');
    return result.value;
  }

  /** The first value of an expression that is neither false nor empty. @throws Error after PATIENCE_MS */
  async until<T>(expression: string): Promise<T> {
    for (const startMs = performance.now(); performance.now() - startMs < PATIENCE_MS; await sleep(30)) {
      const found = await this.look<T>(expression);
      if (found) return found;
    }
    throw new Error(`the page did not come to: ${expression}`);
  }

  /** Letter by letter into what has the focus. */
  async type(text: string): Promise<void> {
    for (const letter of text) await this.#call('Input.insertText', { text: letter });
  }

  async press(key: 'Enter' | 'Escape' | 'ArrowDown'): Promise<void> {
    const codes = { Enter: 13, Escape: 27, ArrowDown: 40 } as const;
    const event = { key, code: key, windowsVirtualKeyCode: codes[key], ...(key === 'Enter' ? { text: '\r' } : {}) };
    await this.#call('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await this.#call('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  #call(method: string, params: object): Promise<Record<string, unknown>> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve) => {
      this.#answers.set(id, (answer) => {
        this.#answers.delete(id);
        resolve(answer);
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

/** It says where it listens on its standard error. */
function portOf(browser: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    browser.once('exit', (code) => reject(new Error(`the browser ended (${code})`)));
    createInterface({ input: browser.stderr! }).on('line', (line) => {
      const port = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

async function pageOf(port: number, url: string): Promise<string> {
  for (const startMs = performance.now(); performance.now() - startMs < PATIENCE_MS; await sleep(50)) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
    const pages = (await answer.json()) as { type: string; url: string; webSocketDebuggerUrl: string }[];
    const page = pages.find((one) => one.type === 'page' && one.url.startsWith(url));
    if (page !== undefined) return page.webSocketDebuggerUrl;
  }
  throw new Error(`the browser shows no page of ${url}`);
}
