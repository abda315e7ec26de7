// Charging stations on npm ocpp-rpc, so on nothing of ours:
//   node other-station.js ws://HOST:PORT/ocpp ID=PROTOCOL…
// They boot, beat, take updates (the file is fetched, its signature looked at; the new version is the file's SHA-256) and
// send logs, in strict mode: what the CSMS says against the official schemas ends the process with 1, told on stderr.
// What they have no handler for, the library answers with NotImplemented.
'use strict';
const crypto = require('crypto');
const { RPCClient } = require('ocpp-rpc');
const { createValidator } = require('ocpp-rpc/lib/validator');

// The library asks for urn:Heartbeat.req; its 2.1 schemas are named urn:HeartbeatRequest, so that by itself it refuses all of 2.1.
const named21 = require('ocpp-rpc/lib/schemas/ocpp2_1.json').map(schema =>
        ({ ...schema, $id: schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf') }));
const strictModeValidators = [createValidator('ocpp2.1', named21)];

const [, , endpoint, ...stations] = process.argv;
const VERSION_LENGTH = 32;

function fail(who, what) {
        console.error(`${who}: ${what}`);
        process.exit(1);
}

class OtherStation {
        constructor(identity, protocol) {
                Object.assign(this, { identity, protocol, version: '1.0', old: protocol === 'ocpp1.6' });
                const client = this.client = new RPCClient(
                        { endpoint, identity, protocols: [protocol], strictMode: true, strictModeValidators });
                client.on('strictValidationFailure', ({ error }) => fail(identity, `${error.message} ${JSON.stringify(error.details)}`));
                client.on('badMessage', ({ buffer }) => fail(identity, `a bad message: ${buffer}`));
                client.handle('UpdateFirmware', ({ params }) => this.told(params.firmware || params, params.requestId));
                client.handle('SignedUpdateFirmware', ({ params }) => this.told(params.firmware, params.requestId));
                client.handle('GetLog', ({ params }) => this.asked('PUT', params.log.remoteLocation, params.requestId));
                client.handle('GetDiagnostics', ({ params }) => this.asked('POST', params.location));
        }

        async start() {
                await this.client.connect();
                await this.boot();
        }

        async boot() {
                const { old, version } = this;
                const names = { model: 'Other', serialNumber: `S-${this.identity}`, vendorName: 'ocpp-rpc', firmwareVersion: version };
                const { interval } = await this.client.call('BootNotification', old ?
                        { chargePointVendor: names.vendorName, chargePointModel: names.model,
                          chargePointSerialNumber: names.serialNumber, firmwareVersion: version } :
                        { reason: version === '1.0' ? 'PowerUp' : 'FirmwareUpdate', chargingStation: names });
                clearInterval(this.beat);
                this.beat = setInterval(() => this.client.call('Heartbeat', {}), interval * 1000);
        }

        // What is to be done is begun when the answer is on its way.
        later(work) {
                setImmediate(() => work().catch(error => fail(this.identity, error.stack)));
        }

        teller(action, requestId) {
                return status => this.client.call(action, requestId === undefined ? { status } : { status, requestId });
        }

        told(firmware, requestId) {
                const signed = this.old && requestId !== undefined ? 'Signed' : '';
                this.later(() => this.update(firmware, this.teller(`${signed}FirmwareStatusNotification`, requestId)));
                return this.old && !signed ? {} : { status: 'Accepted' };
        }

        async update({ location, signingCertificate, signature }, tell) {
                await tell('Downloading');
                const response = await fetch(location);
                if (!response.ok)
                        return tell('DownloadFailed');
                const file = Buffer.from(await response.arrayBuffer());
                await tell('Downloaded');
                if (signature) {
                        const key = { key: signingCertificate, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
                        if (!crypto.verify('sha256', file, key, Buffer.from(signature, 'base64')))
                                return tell('InvalidSignature');
                        await tell('SignatureVerified');
                }
                await tell('Installing');
                clearInterval(this.beat);
                await this.client.close({ awaitPending: true });
                this.version = crypto.createHash('sha256').update(file).digest('hex').slice(0, VERSION_LENGTH);
                await this.start();
                return tell('Installed');
        }

        asked(method, place, requestId) {
                const name = `${this.identity}.log`;
                const plain = requestId === undefined; // GetDiagnostics
                const tell = this.teller(plain ? 'DiagnosticsStatusNotification' : 'LogStatusNotification', requestId);
                this.later(async () => {
                        await tell('Uploading');
                        const { ok } = await fetch(place + name, { method, body: `the log of ${this.identity}\n` });
                        return tell(ok ? 'Uploaded' : plain ? 'UploadFailed' : 'UploadFailure');
                });
                return plain ? { fileName: name } : { status: 'Accepted', filename: name };
        }
}

for (const station of stations) {
        const [identity, protocol] = station.split('=');
        new OtherStation(identity, protocol).start().catch(error => fail(identity, error.stack));
}
