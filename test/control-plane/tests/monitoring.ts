// What the chart gives Prometheus and Grafana, judged by Prometheus' own promtool.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { promtool } from "../../../setup/prometheus.ts";
import { chart } from "../../chart/helm.ts";

const program = promtool();
const alerts = join(chart, "files/alerts.yaml");
const cases = join(import.meta.dirname, "../alerts.yaml");

async function runPromtool(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args);
  return stdout;
}

/** Rejects with promtool's words where it cannot read one of the expressions. */
async function parsed(expressions: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-monitoring-"));
  try {
    const rules = expressions.map((expr, index) => ({ record: `expression_${index}`, expr }));
    const file = join(folder, "rules.json");
    await writeFile(file, JSON.stringify({ groups: [{ name: "expressions", rules }] }));
    return await runPromtool("check", "rules", file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readAlerts(): Promise<readonly string[]> {
  const { groups } = parse(await readFile(alerts, "utf8")) as { groups: { rules: { alert: string }[] }[] };
  return groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
}

test("promtool finds nothing wrong with the alerts", async () => {
  const { length } = await readAlerts();
  assert.match(await runPromtool("check", "rules", alerts), new RegExp(`SUCCESS: ${length} rules found`));
});

test("each alert is raised for what it is for, in its words, and not for what is like it", async () => {
  assert.match(await runPromtool("test", "rules", cases), /SUCCESS/);
  interface Case {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }
  const { tests } = parse(await readFile(cases, "utf8")) as { tests: { alert_rule_test: Case[] }[] };
  const asked = tests.flatMap((each) => each.alert_rule_test);
  const names = (isRaised: boolean) =>
    new Set(asked.filter((each) => each.exp_alerts.length > 0 === isRaised).map((each) => each.alertname));
  const all = new Set(await readAlerts());
  assert.deepEqual(names(true), all);
  assert.deepEqual(names(false), all);
});

test("Prometheus can read each expression of the dashboard", async () => {
  interface Dashboard {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  }
  const { panels } = JSON.parse(await readFile(join(chart, "files/dashboard.json"), "utf8")) as Dashboard;
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.match(await parsed(expressions), new RegExp(`SUCCESS: ${expressions.length} rules found`));
  await assert.rejects(parsed([...expressions, "rate(metallb_bgp_session_up"]), /unclosed left parenthesis/);
});
