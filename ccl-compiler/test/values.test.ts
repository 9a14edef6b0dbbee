import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { check } from '@planetary-mesh/ccl-compiler'
import fc from 'fast-check'
import { anyText } from './any-text.ts'
import { CALL, program } from './mistakes.ts'

/** The one request of the S1 program with `blocks` before it. */
function request(blocks: string) {
  const result = check(`${blocks}\n${program()}`)
  assert.deepEqual(result.diagnostics, [])
  assert.ok(result.ok)
  return result.requests[0]
}

describe('values', () => {
  it('shares are exact, as decimals and as percent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (ppm) => {
        const digits = String(ppm).padStart(7, '0')
        const decimal = `${digits.slice(0, 1)}.${digits.slice(1)}`
        const percent = `${Number(digits.slice(0, 3))}.${digits.slice(3)}%`
        for (const written of [decimal, percent]) {
          const text = `results { verification { federation_quorum: ${written} } }`
          assert.equal(request(text)?.federation_quorum, ppm)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('weights sum exactly where binary fractions do not', () => {
    // 0.1 + 0.2 + 0.7 is 0.9999999999999999 in floating point
    const weights = 'selection { weights { price: 0.1, resources: 0.2, reputation: 70% } }'
    assert.deepEqual(request(weights)?.selection, {
      price: 100_000,
      resources: 200_000,
      reputation: 700_000,
      timeliness: 0,
    })
  })

  it('durations have every unit, bare or as a text', () => {
    const ms = { '1ms': 1, '2s': 2000, '10min': 600_000, '3h': 10_800_000, '1d': 86_400_000 }
    for (const [written, expected] of Object.entries({ ...ms, '2w': 1_209_600_000 })) {
      assert.equal(request(`job { deadline: ${written} }`)?.deadline_ms, expected)
      assert.equal(request(`job { deadline: "${written}" }`)?.deadline_ms, expected)
    }
  })

  it('any text comes through its escapes unchanged', () => {
    fc.assert(
      fc.property(anyText(100), (text) => {
        fc.pre(!text.includes('${'))
        const written = [...text]
          .map((point, at) =>
            // what has to be escaped, and of the others every other one
            at % 2 === 0 || /["\\\p{Cc}]/u.test(point)
              ? `\\u{${point.codePointAt(0)?.toString(16)}}`
              : point,
          )
          .join('')
        const result = check(program().replace('Data processing task', () => written))
        assert.ok(result.ok, JSON.stringify(result.diagnostics))
        assert.equal(result.requests[0]?.description, text)
      }),
      { numRuns: 300 },
    )
  })

  it('what `job` repeats of submit_job is the same job', () => {
    const job = 'job { description: "Data processing task", priority: "medium", scope: "a" }'
    assert.equal(request(`${job}\nresources { scope: "a" }`)?.scope, 'a')
  })

  it('min_cpu_cores is another word for min_cpu', () => {
    assert.equal(request('job { requirements { min_cpu_cores: 4 } }')?.min_cpu, 4)
  })

  it('jobs may use up their resources together, but no more', () => {
    const two = program().replace(CALL, (call) => call.repeat(2))
    assert.ok(check(`resources { compute: 2000 }\n${two}`).ok)
    const { diagnostics } = check(`resources { compute: 1999 }\n${two}`)
    assert.deepEqual(
      diagnostics.map(({ code, span }) => [code, span.line]),
      [['CCL0502', 14]],
    )
    assert.match(diagnostics[0]?.message ?? '', /asks 2000 compute, but `resources` grants 1999/)
  })

  it('pairs end with a semicolon, a comma, the end of the line or of the block', () => {
    const { requests } = check(
      `title: "a"\nresources { compute: 5000, storage: 1; bandwidth: 2 };\n${program()}`,
    ) as { requests: unknown[] }
    assert.equal(requests.length, 1)
  })
})
