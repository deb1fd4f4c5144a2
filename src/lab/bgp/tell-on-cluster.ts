import { Story, type Audience, type StoryReport } from "../story.ts";
import { BgpCluster, type BgpClusterOptions } from "./bgp-cluster.ts";

/** Tells a story on a cluster that is built for it and removed after it. */
export async function tellOnCluster(
  name: string,
  audience: Audience,
  options: BgpClusterOptions,
  tell: (cluster: BgpCluster, story: Story) => Promise<void>,
): Promise<StoryReport> {
  const story = new Story(name, audience);
  audience.began("the lab is built: network, switch, API server, three nodes");
  const cluster = await BgpCluster.up(options);
  try {
    await tell(cluster, story);
  } finally {
    await cluster.lab.down();
  }
  return story.report();
}
