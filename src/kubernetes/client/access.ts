/** What proves who we are; which of its fields are set depends on where it comes from. */
export interface Credential {
  readonly token?: string | undefined;
  /** PEM. */
  readonly clientCertificate?: string | undefined;
  /** PEM. */
  readonly clientKey?: string | undefined;
}

/** Where credentials come from: they may change while we run. */
export interface CredentialSource {
  current(signal?: AbortSignal): Promise<Credential>;
  /** The API server answered 401: forgets what is kept. Says whether asking again may give something else. */
  rejected(): boolean;
}

/** All that it takes to reach an API server. */
export interface ClusterAccess {
  readonly server: URL;
  /** PEM; the system's authorities when undefined. */
  readonly certificateAuthority?: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  /** The name that the server's certificate is checked against, where it is not the host of the URL. */
  readonly tlsServerName?: string | undefined;
  readonly credentials: CredentialSource;
  /** The namespace to use where none is named. */
  readonly namespace: string;
  /** Where this was read from, for people. */
  readonly origin: string;
}
