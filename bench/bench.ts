// npm run bench [spark | page] [events]
await import(process.argv[2] === "spark" ? "./spark.ts" : "./run.ts");
