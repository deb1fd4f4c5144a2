/** What a go is started with so that it is that very one, and nothing that the user has set changes what is built. */
export const goEnvironment = { GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off", CGO_ENABLED: "0" };
