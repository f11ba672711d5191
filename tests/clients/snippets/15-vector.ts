let vectorExample = {

  id: "12345",

  values: [32.4, 6.55, 11.2, 10.3, 87.9],

  metadata: {

    key: "value",

    hello: "world",

    url: "r2://bucket/some/object.json",

  },

};
