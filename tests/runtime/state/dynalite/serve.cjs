// Serves dynalite in memory on a free loopback port, which it prints. It knows all that the budgets ask of DynamoDB but
// one thing: to give back the item for which a condition did not hold, within the same step. That is added here.
const { createRequire } = require('module')
const installed = createRequire(`${process.argv[2]}/package.json`)
const database = installed('dynalite/db')

const NAME = 'ReturnValuesOnConditionCheckFailure'
installed('dynalite/validations/updateItem').types[NAME] = { type: 'String', enum: ['ALL_OLD', 'NONE'] }

const check = database.checkConditional
database.checkConditional = (request, item) => {
  const refused = check(request, item)
  if (refused && refused.body && item && request[NAME] === 'ALL_OLD') refused.body.Item = item
  return refused
}

const server = installed('dynalite')({ createTableMs: 0 })
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
