// Holds the frames of a trace, or messages by themselves, against the official JSON schemas (npm
// package ocpp-rpc):
//   node check-trace.js [--station-only] TRACE
// A line of it is a frame as mock-csms traces it, or {"protocol":…,"message":"Action.req",
// "payload":…}. A member "test" tells sessions apart. --station-only: what the CSMS sent is known
// to be bad in places. Prints what is wrong, a line each, and at last how many messages were looked
// at. Exits 1 if any is.
'use strict';
const fs = require('fs');
const path = require('path');

const modules = path.resolve(__dirname, '../../node_modules');
const library = path.join(modules, 'ocpp-rpc');
const find = name => require(require.resolve(name, { paths: [library, modules] }));
const Ajv = find('ajv').default;
const addFormats = find('ajv-formats').default || find('ajv-formats');

const args = process.argv.slice(2);
const stationOnly = args[0] === '--station-only';
const trace = args[args.length - 1];
const files = { 'ocpp1.6': 'ocpp1_6.json', 'ocpp2.0.1': 'ocpp2_0_1.json', 'ocpp2.1': 'ocpp2_1.json' };
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addFormat('uri', true); // the text of a location is the agent's to judge, not the schema's
ajv.addMetaSchema(find('ajv/dist/refs/json-schema-draft-06.json'));

// "ocpp2.0.1 Heartbeat.req" → its validator. 2.1's schemas are named HeartbeatRequest.
const schemas = {};
for (const [protocol, file] of Object.entries(files))
        for (const { $id, ...schema } of JSON.parse(fs.readFileSync(path.join(library, 'lib/schemas', file)))) {
                const name = $id.replace(/^urn:/, '').replace(/Request$/, '.req').replace(/Response$/, '.conf');
                delete schema.$schema; // draft-04 and draft-06 alike: what they use means the same
                schemas[`${protocol} ${name}`] = schema;
        }
const validators = {};

let looked = 0, bad = 0;
const complain = (where, text) => { bad++; console.log(`${where}: ${text}`); };

function check(where, protocol, name, payload) {
        const key = `${protocol} ${name}`;
        if (!schemas[key])
                return complain(where, `there is no ${key}`);
        validators[key] = validators[key] || ajv.compile(schemas[key]);
        looked++;
        if (!validators[key](payload))
                complain(where, `${key}: ${ajv.errorsText(validators[key].errors)} in ${JSON.stringify(payload).slice(0, 300)}`);
}

const asked = {}; // session, side and id of an open call → its action
function frame(where, entry) {
        const { frame: f, from, protocol, test } = entry;
        const counts = from === 'station' || !stationOnly;
        if (!Array.isArray(f))
                return counts && complain(where, 'no frame');
        const other = from === 'station' ? 'csms' : 'station';
        if (f[0] === 2 || f[0] === 6) {
                asked[`${test} ${from} ${f[1]}`] = f[2];
                counts && check(where, protocol, f[0] === 2 ? `${f[2]}.req` : f[2], f[3]);
        } else if (f[0] === 3) {
                const action = asked[`${test} ${other} ${f[1]}`];
                if (action)
                        counts && check(where, protocol, `${action}.conf`, f[2]);
                else if (counts)
                        complain(where, 'an answer to nothing');
        } else if (counts && !((f[0] === 4 || f[0] === 5) && f.length === 5)) {
                complain(where, 'neither call nor answer');
        }
}

fs.readFileSync(trace, 'utf8').split('\n').filter(Boolean).forEach((text, i) => {
        const entry = JSON.parse(text);
        const where = entry.test ? `line ${i + 1} (${entry.test})` : `line ${i + 1}`;
        if (entry.message)
                check(where, entry.protocol, entry.message, entry.payload);
        else
                frame(where, entry);
});
console.log(`${looked} messages, ${bad} wrong`);
process.exit(bad || !looked ? 1 : 0);
