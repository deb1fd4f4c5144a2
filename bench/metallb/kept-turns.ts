import { appendFile, readFile } from "node:fs/promises";
import * as z from "zod";
import { figureSchema, type Figure } from "./figure.ts";

const turnSchema = z.object({ services: z.int().positive(), figures: z.array(figureSchema).readonly() });

type Turn = Readonly<z.infer<typeof turnSchema>>;

/** All turns that were measured to their end; in a file, one line each, also those of earlier times. */
export class KeptTurns {
  readonly #file: string | undefined;
  readonly #turns: Turn[];

  private constructor(file: string | undefined, turns: Turn[]) {
    this.#file = file;
    this.#turns = turns;
  }

  /** Throws where a line of the file is no turn. */
  static async open(file: string | undefined): Promise<KeptTurns> {
    const text = file === undefined ? "" : await contentOf(file);
    const lines = text.split("\n").filter((line) => line !== "");
    return new KeptTurns(
      file,
      lines.map((line, index) => turnIn(line, `${file}, line ${index + 1}`)),
    );
  }

  /** With so many Services: the figures of each turn, in the order in which they were measured. */
  with(services: number): readonly (readonly Figure[])[] {
    return this.#turns.filter((turn) => turn.services === services).map(({ figures }) => figures);
  }

  async add(services: number, figures: readonly Figure[]): Promise<void> {
    const turn: Turn = { services, figures };
    this.#turns.push(turn);
    if (this.#file !== undefined) await appendFile(this.#file, `${JSON.stringify(turn)}\n`);
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function turnIn(line: string, where: string): Turn {
  try {
    return turnSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new Error(`${where} is no turn of this benchmark: ${(error as Error).message}`, { cause: error });
  }
}
