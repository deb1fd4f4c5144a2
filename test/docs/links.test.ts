import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root }).sort();

/** The targets of a page's links and pictures, those in its code left aside. */
function targetsOf(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute ?? "",
  );
}

/** The name that a forge gives a heading: in small letters, without marks, hyphens for spaces. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

function anchorsOf(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

for (const page of pages) {
  test(`every relative link of ${page} leads somewhere`, () => {
    const lost = targetsOf(readFileSync(join(root, page), "utf8")).filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(file)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(file, "utf8")).includes(anchor);
    });
    assert.deepEqual(lost, []);
  });
}

test("every page of the documentation can be reached from its index", () => {
  const index = join(root, "docs/README.md");
  const linked = new Set(
    targetsOf(readFileSync(index, "utf8")).map((target) => join("docs", target.split("#")[0] ?? "")),
  );
  const missed = pages.filter(
    (page) => page.startsWith("docs/") && page !== relative(root, index) && !linked.has(page),
  );
  assert.deepEqual(missed, []);
});
