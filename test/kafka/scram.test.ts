import assert from "node:assert/strict";
import { test } from "node:test";
import { scramFinal, scramFirst, scramProven } from "../../src/kafka/scram.ts";

const credentials = {
  hash: "sha256" as const,
  username: "user",
  password: "pencil",
  nonce: "rOprNGfwEbeRWWbNEkqO",
};
const challenge = "r=rOprNGfwEbeRWWbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

// Computed by another implementation: Python's hashlib.
const proofs = [
  {
    hash: "sha256" as const,
    proof: "qFvww1zbNyRFLBaQ6+SNe6lRPhgMHYo7n4VSdCjwe/U=",
    answer: "vPBYQ119ntvwjKrMTFhl7DkoIknXlpwG01zW7j5C2Qo=",
  },
  {
    hash: "sha512" as const,
    proof: "Hf+qxJMvQAp431QopTdZab3v/3CFj8XeaCNzlp0dUwD7dftONea3ZEpl+DUWw8OpugPfHrNP0aCeVnJQudNO/w==",
    answer: "G26EHCHOj73bhSpOe1y7wt+StibvR6hc3R7tbRMoNzuztzCi7DDcVkQJVWi1jgjndAmwzChtAqaLZ/2bc4QrmQ==",
  },
];

for (const { hash, proof, answer } of proofs) {
  test(`both sides prove with ${hash} that they know the password`, async () => {
    const { message, expectedAnswer } = await scramFinal({ ...credentials, hash }, challenge);
    assert.equal(message, `c=biws,r=rOprNGfwEbeRWWbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=${proof}`);
    assert(scramProven(expectedAnswer, `v=${answer}`));
    assert(!scramProven(expectedAnswer, `v=x${answer.slice(1)}`));
    assert(!scramProven(expectedAnswer, "v="));
    assert(!scramProven(expectedAnswer, "e=other-error"));
  });
}

test("the client's first message names the user and the nonce", () => {
  assert.equal(scramFirst(credentials), "n,,n=user,r=rOprNGfwEbeRWWbNEkqO");
});

test("commas and equals signs of a user name are escaped", () => {
  assert.equal(scramFirst({ ...credentials, username: "a=b,c" }), "n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWWbNEkqO");
});

test("challenges that a broker would not send are refused", async () => {
  const refusals: [challenge: string, reason: RegExp][] = [
    ["e=unknown-user", /not one of SCRAM/],
    [challenge.replace("r=rOp", "r=xOp"), /another login/],
    [challenge.replace("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", ""), /another login/],
    [challenge.replace("4096", "4095"), /4095 iterations/],
    [challenge.replace("4096", "99999999999"), /99999999999 iterations/],
  ];
  for (const [text, reason] of refusals) await assert.rejects(scramFinal(credentials, text), reason);
});
