export { linkAddresses, type LinkAddresses } from "./link-addresses.ts";
