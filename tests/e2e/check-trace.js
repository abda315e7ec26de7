// Holds every frame of a trace against the official JSON schemas (npm package ocpp-rpc):
//   node check-trace.js ocpp1.6|ocpp2.0.1 TRACE
// Prints what is wrong, a line each, and at last how many frames were looked at. Exits 1 if any is.
'use strict';
const fs = require('fs');
const path = require('path');

const modules = path.resolve(__dirname, '../../node_modules');
const library = path.join(modules, 'ocpp-rpc');
const find = name => require(require.resolve(name, { paths: [library, modules] }));
const Ajv = find('ajv').default;
const addFormats = find('ajv-formats').default || find('ajv-formats');

const [protocol, trace] = process.argv.slice(2);
const file = { 'ocpp1.6': 'ocpp1_6.json', 'ocpp2.0.1': 'ocpp2_0_1.json' }[protocol];
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addMetaSchema(find('ajv/dist/refs/json-schema-draft-06.json'));
const schemas = {};
for (const { $id, ...schema } of JSON.parse(fs.readFileSync(path.join(library, 'lib/schemas', file)))) {
        delete schema.$schema; // draft-04 and draft-06 alike: what they use means the same
        schemas[$id.replace(/^urn:/, '')] = schema;
}

let looked = 0, bad = 0;
const complain = (line, text) => { bad++; console.log(`line ${line}: ${text}`); };

function check(line, name, payload) {
        const schema = schemas[name];
        if (!schema)
                return complain(line, `there is no ${name}`);
        const valid = ajv.compile(schema);
        looked++;
        if (!valid(payload))
                complain(line, `${name}: ${ajv.errorsText(valid.errors)}`);
}

const asked = {}; // id of an open call → its action, for each side
fs.readFileSync(trace, 'utf8').split('\n').filter(Boolean).forEach((text, i) => {
        const { frame, from } = JSON.parse(text);
        if (!Array.isArray(frame))
                return complain(i + 1, 'no frame');
        const other = from === 'station' ? 'csms' : 'station';
        if (frame[0] === 2) {
                asked[`${from} ${frame[1]}`] = frame[2];
                check(i + 1, `${frame[2]}.req`, frame[3]);
        } else if (frame[0] === 3) {
                const action = asked[`${other} ${frame[1]}`];
                if (action)
                        check(i + 1, `${action}.conf`, frame[2]);
                else
                        complain(i + 1, 'an answer to nothing');
        } else if (frame[0] !== 4 || frame.length !== 5) {
                complain(i + 1, 'neither call nor answer');
        }
});
console.log(`${looked} frames, ${bad} wrong`);
process.exit(bad || !looked ? 1 : 0);
