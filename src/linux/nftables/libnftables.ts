import koffi from "koffi";

/** The functions of libnftables(3) in use. Those of one context must not be called from two threads at once. */
interface Functions {
  readonly create: (flags: number) => unknown;
  readonly free: (context: unknown) => void;
  readonly setOutputFlags: (context: unknown, flags: number) => void;
  readonly setDryRun: (context: unknown, dry: boolean) => void;
  readonly bufferOutput: (context: unknown) => number;
  readonly bufferErrors: (context: unknown) => number;
  /** Both buffers are emptied by reading them. */
  readonly output: (context: unknown) => string;
  readonly errors: (context: unknown) => string;
  readonly run: (context: unknown, commands: string, done: (error: Error | null, status: number) => void) => void;
  readonly runFile: (context: unknown, file: string) => number;
}

let loaded: Functions | undefined;

/** The functions of libnftables, loaded on first use. Throws when the library is not installed. */
export function libnftables(): Functions {
  loaded ??= load();
  return loaded;
}

function load(): Functions {
  const library = koffi.load("libnftables.so.1");
  const run = library.func("int nft_run_cmd_from_buffer(void *ctx, str commands)");
  return {
    create: library.func("void *nft_ctx_new(uint32_t flags)"),
    free: library.func("void nft_ctx_free(void *ctx)"),
    setOutputFlags: library.func("void nft_ctx_output_set_flags(void *ctx, unsigned int flags)"),
    setDryRun: library.func("void nft_ctx_set_dry_run(void *ctx, bool dry)"),
    bufferOutput: library.func("int nft_ctx_buffer_output(void *ctx)"),
    bufferErrors: library.func("int nft_ctx_buffer_error(void *ctx)"),
    output: library.func("str nft_ctx_get_output_buffer(void *ctx)"),
    errors: library.func("str nft_ctx_get_error_buffer(void *ctx)"),
    run: (context, commands, done) => run.async(context, commands, done),
    runFile: library.func("int nft_run_cmd_from_filename(void *ctx, str file)"),
  };
}

/** `NFT_CTX_OUTPUT_…` of libnftables.h; numeric is protocols, priorities, symbols and times as numbers. */
export const outputFlags = { json: 1 << 4, numeric: 0b1111 << 7, terse: 1 << 11 } as const;
