/** How soon silence is a failure: after `multiplier` packets, one each `intervalMs`, did not come. */
export interface DetectionTimes {
  readonly intervalMs: number;
  readonly multiplier: number;
}

/** `50x3`: milliseconds, from 10 to 60000, and 2 to 255 of them. */
export function parseDetectionTimes(text: string): DetectionTimes | undefined {
  const [, interval, factor] = /^([0-9]{2,5})x([0-9]{1,3})$/.exec(text) ?? [];
  const [intervalMs, multiplier] = [Number(interval), Number(factor)];
  const isPossible = intervalMs >= 10 && intervalMs <= 60_000 && multiplier >= 2 && multiplier <= 255;
  return isPossible ? { intervalMs, multiplier } : undefined;
}
