// The pages of the reference that are made from the code. When one is stale:
//   node --test --test-update-snapshots test/docs/reference.test.ts
import { join } from "node:path";
import { test } from "node:test";
import { bfdMalformedPage } from "./bfd-malformed-page.ts";
import { commandLinePage } from "./command-line-page.ts";
import { embeddedApiPage } from "./embedded-api-page.ts";
import { malformedPage } from "./malformed-page.ts";
import { textOf, type Page } from "./markdown.ts";
import { metricsPage } from "./metrics-page.ts";
import { reasonsPage } from "./reasons-page.ts";
import { resourcesPage } from "./resources-page.ts";

const folder = join(import.meta.dirname, "../../docs/reference");

const pages: Readonly<Record<string, () => Page>> = {
  "command-line.md": commandLinePage,
  "resources.md": resourcesPage,
  "reasons.md": reasonsPage,
  "metrics.md": metricsPage,
  "embedded-api.md": embeddedApiPage,
  "bgp-malformed.md": malformedPage,
  "bfd-malformed.md": bfdMalformedPage,
};

for (const [file, page] of Object.entries(pages)) {
  test(`docs/reference/${file} says what the code says`, async (t) => {
    const text = await textOf(page(), file);
    t.assert.fileSnapshot(text, join(folder, file), { serializers: [String] });
  });
}
