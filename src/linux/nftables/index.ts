export { NftablesError } from "./nftables-error.ts";
export { Nftables } from "./nftables.ts";
