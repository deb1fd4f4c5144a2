/** So that all is written within seconds after the API server was away, however long that was. */
export const retries = { firstMs: 50, maxMs: 3_000 } as const;
