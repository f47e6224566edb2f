// npm run bench [spark] [events]
await import(process.argv[2] === "spark" ? "./spark.ts" : "./run.ts");
