let queryVector = [32.4, 6.55, 11.2, 10.3, 87.9];

let matches = await env.YOUR_INDEX.query(queryVector);
