let matches = await env.YOUR_INDEX.queryById("some-vector-id", {

  topK: 5,

  returnValues: true,

  returnMetadata: "all",

});
