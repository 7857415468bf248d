/**
 * What raw Piscina runs: the same nothing.
 * @param {number} value
 */
export default (value) => value
