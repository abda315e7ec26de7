// The server that ./dev bench csms compares with: npm ocpp-rpc as its documentation shows it, in strict mode. Prints
// "listening on 127.0.0.1:PORT". POST /push with an order sends it to all stations that are connected and answers when
// all have.
'use strict';
const http = require('http');
const { RPCServer, createRPCError } = require('ocpp-rpc');

const interval = Number(process.argv[2]);
const clients = new Set();
const server = new RPCServer({ protocols: ['ocpp2.0.1', 'ocpp1.6'], strictMode: true, callTimeoutMs: 120000 });

server.auth((accept) => accept());
server.on('client', (client) => {
        clients.add(client);
        client.once('close', () => clients.delete(client));
        client.handle('BootNotification', () => ({ status: 'Accepted', interval, currentTime: new Date().toISOString() }));
        client.handle('Heartbeat', () => ({ currentTime: new Date().toISOString() }));
        client.handle('StatusNotification', () => ({}));
        client.handle('FirmwareStatusNotification', () => ({}));
        client.handle(() => { throw createRPCError('NotImplemented'); });
});

// 1.6 says it otherwise than 2.x.
function order(client, { location, retrieveDateTime, requestId }) {
        return client.protocol === 'ocpp1.6' ? { location, retrieveDate: retrieveDateTime }
                : { requestId, firmware: { location, retrieveDateTime } };
}

const web = http.createServer((request, response) => {
        let body = '';
        request.on('data', (data) => { body += data; });
        request.on('end', async () => {
                const wanted = JSON.parse(body);
                const calls = [...clients].map((c) => c.call('UpdateFirmware', order(c, wanted)));
                const ends = await Promise.allSettled(calls);
                const failed = ends.find((end) => end.status === 'rejected');
                if (failed)
                        console.error(failed.reason);
                response.end(JSON.stringify({ answered: ends.filter((end) => end.status === 'fulfilled').length }));
        });
});
web.on('upgrade', server.handleUpgrade);
web.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(`listening on 127.0.0.1:${web.address().port}`));
