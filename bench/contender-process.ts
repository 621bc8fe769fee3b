import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Request } from './protocol.js';

/** How a contender is started. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const STDERR_KEPT = 4000;

/** A contender in a process of its own, which answers one request at a time. */
export class ContenderProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #failure: Promise<Error | undefined>;
  #stderr = '';

  private constructor(command: Command) {
    this.#child = spawn(command.file, command.args, { env: { ...process.env, ...command.env } });
    this.#child.stderr.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-STDERR_KEPT);
    });
    this.#child.stdin.on('error', () => undefined); // it has died: its exit tells more
    this.#failure = new Promise((resolve) => {
      this.#child.on('error', resolve);
      this.#child.on('close', () => resolve(undefined));
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts it; gives its name and version, or throws an Error with the reason why it cannot run. */
  static async start(command: Command): Promise<{ process: ContenderProcess; version: string }> {
    const started = new ContenderProcess(command);
    const first = await started.#next();
    if ('ready' in first) return { process: started, version: first.ready };
    await started.close();
    throw new Error('unavailable' in first ? first.unavailable : 'it did not say that it is ready');
  }

  /** Sends a request and waits for the answer; throws an Error when the contender reports one, or dies. */
  async ask(request: Request): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return await this.#next();
  }

  /** Ends the process. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    this.#child.kill();
    await this.#failure;
  }

  async #next(): Promise<Answer> {
    const line = await this.#answers.next();
    if (line.done) {
      const failure = await this.#failure;
      throw new Error(failure?.message ?? (tellingLine(this.#stderr) || 'its process ended'));
    }
    const answer = JSON.parse(line.value) as Answer; // contenders keep to the protocol
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  }
}

/** The line that tells what went wrong; the last one where none says that it does. */
function tellingLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.findLast((line) => /\w*(Error|Exception)\b.*:/.test(line)) ?? lines.at(-1) ?? '';
}
