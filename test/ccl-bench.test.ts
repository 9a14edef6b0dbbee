/** The engines that CCL is compared with are asked the same, and all of them answer alike. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compile, format } from '@planetary-mesh/ccl-compiler'
import { openCedar, openCels } from '../bench/ccl-engines.ts'
import { buildPool, openMeteredPool, openPool, poolText } from '../bench/ccl-host.ts'
import { hitsAndMisses, mixed, RULES } from '../bench/ccl-requests.ts'

const ASKS = 400

describe('the policy of the bench', () => {
  const workload = mixed(4, ASKS)

  it('is asked by half for what is allowed, and by an eighth for each rule', () => {
    const counts = RULES.map((rule) => workload.asks.filter(({ by }) => by === rule).length)
    assert.deepEqual(counts, [ASKS / 2, ASKS / 8, ASKS / 8, ASKS / 8, ASKS / 8])
    const different = new Set(
      workload.asks.map(({ caller, plain }) => JSON.stringify([caller, plain])),
    )
    assert.equal(different.size, ASKS)
    assert.ok(compile(poolText(workload)).ok)
    assert.notEqual(format(poolText(workload)), null)
  })

  it('decides by the rule that is meant, with fuel, in the sandbox and out of it', () => {
    const unit = buildPool(workload)
    for (const decide of [openPool(unit, workload), openMeteredPool(unit, workload)]) {
      workload.asks.forEach(({ by }, ask) => {
        const { effect, rule, fuel } = decide(ask)
        assert.deepEqual([effect, rule], [by === 'within' ? 'allow' : 'deny', by])
        assert.ok(fuel > 0)
      })
    }
  })

  it('is answered alike by cedar-wasm and the libraries for CEL, also with many members', async () => {
    for (const asked of [workload, hitsAndMisses(60, 100)]) {
      const engines = [await openCedar(asked), ...(await openCels(asked))]
      assert.ok(engines.length >= 3)
      for (const { name, allows } of engines) {
        const wrong = asked.asks.findIndex(({ by }, ask) => allows(ask) !== (by === 'within'))
        assert.equal(wrong, -1, `${name} about request ${wrong}`)
      }
    }
  })
})
