// Plain JavaScript that old Nodes can parse: it runs before anything that they cannot.
'use strict'

var wanted = [22, 18]
var have = process.versions.node.split('.').map(Number)
var tooOld = have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1])

if (tooOld) {
  var advice =
    process.platform === 'linux' && process.arch === 'x64'
      ? 'run `npm ci`, which brings a Node of its own, and start through npm (`npm start`, `npm test`).'
      : 'install Node ' + wanted.join('.') + ' or newer.'
  console.error('Umbel needs Node ' + wanted.join('.') + ' or newer and this is ' + process.versions.node + ': ' + advice)
  process.exit(1)
}
