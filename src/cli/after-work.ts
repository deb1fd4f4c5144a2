/** A lone Service takes a thousandth of it, and a process that starts or has a thousand to take care of much more. */
const idle = { ms: 5_000, mostBusy: 0.05 };

/**
 * Calls `run` whenever this process has had next to nothing to do for five seconds after it had more, its start being the
 * first time. Returns what ends that.
 */
export function afterWork(run: () => void): () => void {
  let before = performance.eventLoopUtilization();
  let hasWorked = true;
  const look = () => {
    const { utilization } = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    const isIdle = utilization <= idle.mostBusy;
    if (isIdle && hasWorked) run();
    hasWorked = !isIdle;
  };
  const timer = setInterval(look, idle.ms).unref();
  return () => clearInterval(timer);
}
