/**
 * What libnftables or the kernel said to commands that were refused; none of them is in force. `complaint` is written
 * as for commands in a file: `FILE:LINE:COLUMNS: Error: SENTENCE`.
 */
export class NftablesError extends Error {
  readonly code = "nftables.refused";
  /** The first line that was complained about, counted from 1; absent if the complaint names none. */
  readonly line: { readonly number: number; readonly text: string } | undefined;

  constructor(commands: string, complaint: string) {
    const sentence = /Error: (.*)/.exec(complaint)?.[1] ?? (complaint.trim() || "refused without a reason");
    const number = /^[^\n:]*:(\d+):/m.exec(complaint)?.[1];
    const line = number === undefined ? undefined : { number: Number(number), text: lineOf(commands, Number(number)) };
    super(`nftables: ${sentence}${line === undefined ? "" : `, in line ${line.number}: ${line.text}`}`);
    this.name = "NftablesError";
    this.line = line;
  }
}

/** An excerpt: a line that fills a whole map may have megabytes. */
function lineOf(commands: string, number: number): string {
  return (commands.split("\n")[number - 1] ?? "").trim().slice(0, 200);
}
