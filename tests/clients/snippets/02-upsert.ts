let vectorsToUpsert = [

  { id: "123", values: [32.4, 6.5, 11.2, 10.3, 87.9] },

  { id: "456", values: [2.5, 7.8, 9.1, 76.9, 8.5] },

  { id: "768", values: [29.1, 5.7, 12.9, 15.4, 1.1] },

];

let upserted = await env.YOUR_INDEX.upsert(vectorsToUpsert);
