// A graph as the bytes of an ONNX ModelProto. Weights are written as references (external_data: location, offset, length) into the files
// they were published in, never as numbers; a weight stored in half precision is followed by the Cast that widens it.
// @source github.com/onnx/onnx, onnx/onnx.proto (field numbers).
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import type { Dim } from './dims.ts';
import type { Attribute, Attributes, Body, Constant, ElementType, Graph, Node, Value, Weight } from './graph.ts';
import { OPSET } from './ops.ts';
import { ProtobufWriter } from './protobuf.ts';

export interface SerializedModel {
  readonly bytes: Uint8Array;
  /** What the locations inside are relative to: the root of the file system, or of the drive on Windows. */
  readonly weightsRoot: string;
}

/** ModelProto version: 8 came with operator set 18 (onnx 1.13). */
const IR_VERSION = 8;

const ELEMENT_CODES: Readonly<Record<ElementType, number>> = {
  f32: 1,
  u8: 2,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  bf16: 16,
};

/** Attributes that are reals whatever their value looks like. */
const REAL_ATTRIBUTES = new Set(['alpha', 'epsilon', 'scale']);

/** @throws graph_invalid when the weights lie on more than one drive. */
export function serializeModel(graph: Graph): SerializedModel {
  const weightsRoot = rootOf(graph.weights);
  const model = new ProtobufWriter()
    .integer(1, IR_VERSION)
    .text(2, 'darkroom')
    .message(7, (proto) => writeGraph(proto, graph, weightsRoot))
    .message(8, (proto) => proto.text(1, '').integer(2, OPSET))
    .message(8, (proto) => proto.text(1, 'com.microsoft').integer(2, 1));
  return { bytes: model.finish(), weightsRoot };
}

function rootOf(weights: readonly Weight[]): string {
  const roots = new Set(weights.map(({ range }) => path.parse(range.file).root));
  if (roots.size > 1) {
    throw new DarkroomError('graph_invalid', `weights lie on several drives (${[...roots].join(', ')}), expected one`);
  }
  return [...roots][0] ?? path.parse(process.cwd()).root;
}

function writeGraph(proto: ProtobufWriter, graph: Graph, weightsRoot: string): void {
  for (const weight of graph.weights) {
    if (isWidened(weight)) proto.message(1, (node) => writeNode(node, wideningOf(weight)));
  }
  for (const node of graph.nodes) proto.message(1, (nested) => writeNode(nested, node));
  proto.text(2, graph.name);
  for (const weight of graph.weights) proto.message(5, (tensor) => writeWeight(tensor, weight, weightsRoot));
  for (const constant of graph.constants) proto.message(5, (tensor) => writeConstant(tensor, constant));
  for (const value of graph.inputs) proto.message(11, (info) => writeValueInfo(info, value));
  for (const value of graph.outputs) proto.message(12, (info) => writeValueInfo(info, value));
}

function isWidened({ value, stored }: Weight): boolean {
  return value.type !== stored;
}

function storedName(weight: Weight): string {
  return isWidened(weight) ? `${weight.value.name}:${weight.stored}` : weight.value.name;
}

function wideningOf(weight: Weight): Node {
  const stored: Value = { name: storedName(weight), type: weight.stored, shape: weight.value.shape };
  return { op: 'Cast', domain: '', inputs: [stored], outputs: [weight.value], attributes: { to: weight.value.type } };
}

function writeNode(proto: ProtobufWriter, { op, domain, inputs, outputs, attributes, bodies }: Node): void {
  // What the bodies of an If read of the graph around them is known from them alone.
  for (const value of bodies === undefined ? inputs : inputs.slice(0, 1)) proto.text(1, value?.name ?? '');
  for (const value of outputs) proto.text(2, value.name);
  proto.text(3, outputs[0]!.name).text(4, op);
  writeAttributes(proto, op, attributes);
  if (bodies !== undefined) {
    writeBody(proto, 'then_branch', bodies.whenTrue);
    writeBody(proto, 'else_branch', bodies.whenFalse);
  }
  if (domain !== '') proto.text(7, domain);
}

function writeAttributes(proto: ProtobufWriter, op: string, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const written = op === 'Cast' && name === 'to' ? ELEMENT_CODES[value as ElementType] : value;
    proto.message(5, (attribute) => writeAttribute(attribute.text(1, name), name, written));
  }
}

const [FLOAT, INT, STRING, GRAPH, INTS] = [1, 2, 3, 5, 7];

function writeBody(proto: ProtobufWriter, name: string, { nodes, output }: Body): void {
  proto.message(5, (attribute) =>
    attribute
      .text(1, name)
      .message(6, (body) => {
        for (const node of nodes) body.message(1, (nested) => writeNode(nested, node));
        body.text(2, `${name}:${output.name}`).message(12, (info) => writeValueInfo(info, output));
      })
      .integer(20, GRAPH),
  );
}

function writeAttribute(proto: ProtobufWriter, name: string, value: Attribute): void {
  if (typeof value === 'string') {
    proto.text(4, value).integer(20, STRING);
  } else if (typeof value === 'object') {
    for (const item of value) proto.integer(8, item);
    proto.integer(20, INTS);
  } else if (REAL_ATTRIBUTES.has(name)) {
    proto.float(2, value).integer(20, FLOAT);
  } else {
    proto.integer(3, value).integer(20, INT);
  }
}

const EXTERNAL = 1;

function writeWeight(proto: ProtobufWriter, weight: Weight, weightsRoot: string): void {
  const { file, offset, sizeBytes } = weight.range;
  writeTensorHead(proto, storedName(weight), weight.stored, weight.value.shape);
  const entries = { location: path.relative(weightsRoot, file), offset: `${offset}`, length: `${sizeBytes}` };
  for (const [key, value] of Object.entries(entries)) proto.message(13, (entry) => entry.text(1, key).text(2, value));
  proto.integer(14, EXTERNAL);
}

function writeConstant(proto: ProtobufWriter, { value, data }: Constant): void {
  writeTensorHead(proto, value.name, value.type, value.shape);
  proto.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeTensorHead(proto: ProtobufWriter, name: string, type: ElementType, shape: readonly Dim[]): void {
  for (const dim of shape) proto.integer(1, dim as number);
  proto.integer(2, ELEMENT_CODES[type]).text(8, name);
}

function writeValueInfo(proto: ProtobufWriter, { name, type, shape }: Value): void {
  proto.text(1, name).message(2, (typeProto) =>
    typeProto.message(1, (tensor) => {
      tensor.integer(1, ELEMENT_CODES[type]).message(2, (shapeProto) => {
        for (const dim of shape) shapeProto.message(1, (dimProto) => writeDim(dimProto, dim));
      });
    }),
  );
}

function writeDim(proto: ProtobufWriter, dim: Dim): void {
  if (typeof dim === 'number') proto.integer(1, dim);
  else proto.text(2, dim);
}
