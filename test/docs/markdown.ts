import { join } from "node:path";
import { format } from "oxfmt";

/** A page of the reference, put together from what the program itself says. */
export interface Page {
  readonly title: string;
  /** The paragraphs and sections below the title, as Markdown. */
  readonly body: readonly string[];
}

const note = `<!-- Made from the code by test/docs/reference.test.ts. Do not edit: change the code and run
     node --test --test-update-snapshots test/docs/reference.test.ts -->`;

/** The text of a page's file, laid out as the project's formatter has it. */
export async function textOf({ title, body }: Page, file: string): Promise<string> {
  const source = [note, `# ${title}`, ...body].join("\n\n");
  const { code, errors } = await format(join("docs", file), source, { printWidth: 120 });
  if (errors.length > 0) throw new Error(`${file}: ${errors.map((each) => each.message).join("; ")}`);
  return code;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`);
  return lines.join("\n");
}

export function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A bar would end the cell, and a line's end the table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}
