/** What raw Piscina runs: the same nothing. */
export default (value) => value
