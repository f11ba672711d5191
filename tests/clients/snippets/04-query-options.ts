let matches = await env.YOUR_INDEX.query(queryVector, {

  topK: 5,

  returnValues: true,

  returnMetadata: "all",

});
