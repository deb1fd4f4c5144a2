/** The version of Kubernetes whose behaviour this server follows; clients read it to know what they may ask for. */
export const serverVersion = {
  major: "1",
  minor: "35",
  gitVersion: "v1.35.0+fairlead",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: `node ${process.version}`,
  platform: `${process.platform}/${process.arch}`,
};
