import { memoryStore } from 'umbel'
import { edgeSuite } from './edge-suite.ts'
import { keySuite } from './key-suite.ts'
import { storeSuite } from './store-suite.ts'

storeSuite('memory', memoryStore)
keySuite('memory', memoryStore)
edgeSuite('memory', memoryStore)
