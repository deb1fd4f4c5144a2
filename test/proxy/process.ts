import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A process of ours in a network namespace, asked and answering in lines of JSON, one question at a time. */
export class NamespaceProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(namespace: string, script: string) {
    this.#child = spawn("ip", ["netns", "exec", namespace, process.execPath, script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  ask<Answer>(question: object): Promise<Answer> {
    const answer = this.#last.then(async () => {
      this.#child.stdin.write(`${JSON.stringify(question)}\n`);
      const line = await this.#answers.next();
      if (line.done === true) throw new Error(`the process ended when asked ${JSON.stringify(question)}`);
      const { ok, error }: { ok?: Answer; error?: string } = JSON.parse(line.value);
      if (error !== undefined) throw new Error(error);
      // What a question is answered with is known to who asks.
      return ok as Answer;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await ended;
  }
}

/** The other end: answers each line of standard input, until it ends. */
export async function answerQuestions(answer: (question: never) => unknown): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    let reply: object;
    try {
      // The questions are those of the test that started this process.
      reply = { ok: (await answer(JSON.parse(line) as never)) ?? null };
    } catch (error) {
      reply = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
