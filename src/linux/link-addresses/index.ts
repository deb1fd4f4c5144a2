export { allAddresses, linkAddresses, type LinkAddresses } from "./link-addresses.ts";
