// Starts work on the stream and ends in the way that its argument says.
import { F, fence, ones, tensor } from '../../../lib/index.js';

const x = ones([256, 256]);
for (let i = 0; i < 300; i++) x.matmul(x);

switch (process.argv[2]) {
  case 'idle':
    break; // nobody reads
  case 'settled':
    await fence();
    break;
  case 'read':
    void x
      .add(1)
      .data()
      .then((data) => console.log(`read ${data[0]}`));
    break;
  case 'fault':
    F.embedding(tensor(new Int32Array([5])), x.slice(0, 0, 5));
    void fence().catch((error) => console.log(error.name));
    break;
  case 'late-read':
    process.on('exit', () => {
      try {
        x.dataSync();
      } catch (error) {
        console.log(String(error));
      }
    });
    process.exit(0);
    break;
  case 'late-read-idle':
    process.on('exit', () => console.log(`read ${x.add(1).dataSync()[0]}`));
    await fence();
    break;
  case 'exit':
    void x.data().then(() => console.log('not reached'));
    process.exit(7);
}
