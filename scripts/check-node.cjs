// Plain JavaScript that old Nodes can parse: it runs before anything that they cannot.
'use strict'

var have = process.versions.node.split('.')
var major = Number(have[0])
var tooOld = major < 22 || (major === 22 && Number(have[1]) < 18)

if (tooOld) {
  var advice =
    process.platform === 'linux' && process.arch === 'x64'
      ? 'run `npm ci`, which brings a newer Node with it, and start through npm (`npm start`, `npm test`).'
      : 'install Node 22.18 or newer.'
  console.error('Umbel needs Node 22.18 or newer and this is ' + process.versions.node + ': ' + advice)
  process.exit(1)
}
