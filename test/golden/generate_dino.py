"""Writes the golden fixtures of DINO: its head and its loss as Meta's code defines them (facebookresearch/dino,
vision_transformer.py and main_dino.py, without the sum over processes).

Parameters are drawn as generate_more.py draws them. Run: python generate_dino.py [out_dir]   (needs torch, timm, numpy, safetensors)
"""
import warnings
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from generate_more import Topic, draw_parameters, gradients

warnings.filterwarnings("ignore")  # weight_norm has a successor


class DINOHead(nn.Module):
    def __init__(self, in_dim, out_dim, use_bn=False, norm_last_layer=True, nlayers=3, hidden_dim=2048, bottleneck_dim=256):
        super().__init__()
        nlayers = max(nlayers, 1)
        if nlayers == 1:
            self.mlp = nn.Sequential(nn.Linear(in_dim, bottleneck_dim))
        else:
            layers = [nn.Linear(in_dim, hidden_dim)]
            if use_bn:
                layers.append(nn.BatchNorm1d(hidden_dim))
            layers.append(nn.GELU())
            for _ in range(nlayers - 2):
                layers.append(nn.Linear(hidden_dim, hidden_dim))
                if use_bn:
                    layers.append(nn.BatchNorm1d(hidden_dim))
                layers.append(nn.GELU())
            layers.append(nn.Linear(hidden_dim, bottleneck_dim))
            self.mlp = nn.Sequential(*layers)
        self.last_layer = nn.utils.weight_norm(nn.Linear(bottleneck_dim, out_dim, bias=False))
        self.last_layer.weight_g.data.fill_(1)
        if norm_last_layer:
            self.last_layer.weight_g.requires_grad = False

    def forward(self, x):
        x = self.mlp(x)
        x = nn.functional.normalize(x, dim=-1, p=2)
        return self.last_layer(x)


class DINOLoss(nn.Module):
    def __init__(self, out_dim, ncrops, warmup_teacher_temp, teacher_temp, warmup_teacher_temp_epochs, nepochs, student_temp=0.1, center_momentum=0.9):
        super().__init__()
        self.student_temp, self.center_momentum, self.ncrops = student_temp, center_momentum, ncrops
        self.register_buffer("center", torch.zeros(1, out_dim))
        self.teacher_temp_schedule = np.concatenate((
            np.linspace(warmup_teacher_temp, teacher_temp, warmup_teacher_temp_epochs),
            np.ones(nepochs - warmup_teacher_temp_epochs) * teacher_temp,
        ))

    def forward(self, student_output, teacher_output, epoch):
        student_out = (student_output / self.student_temp).chunk(self.ncrops)
        temp = self.teacher_temp_schedule[epoch]
        teacher_out = F.softmax((teacher_output - self.center) / temp, dim=-1).detach().chunk(2)
        total_loss, n_loss_terms = 0, 0
        for iq, q in enumerate(teacher_out):
            for v in range(len(student_out)):
                if v == iq:
                    continue
                loss = torch.sum(-q * F.log_softmax(student_out[v], dim=-1), dim=-1)
                total_loss += loss.mean()
                n_loss_terms += 1
        total_loss /= n_loss_terms
        self.update_center(teacher_output)
        return total_loss

    @torch.no_grad()
    def update_center(self, teacher_output):
        batch_center = torch.sum(teacher_output, dim=0, keepdim=True) / len(teacher_output)
        self.center = self.center * self.center_momentum + batch_center * (1 - self.center_momentum)


if __name__ == "__main__":
    t = Topic("dino"); torch.manual_seed(41)
    for kwargs in [{}, dict(use_bn=True, norm_last_layer=False), dict(nlayers=1)]:
        kwargs = dict(hidden_dim=6, bottleneck_dim=4) | kwargs
        m = DINOHead(5, 7, **kwargs)
        m_bn = kwargs.get("use_bn", False)
        draw_parameters(m)
        x = torch.randn(3, 5, requires_grad=True)
        y = m(x); gy = torch.randn_like(y); y.backward(gy)
        # A bias before batch normalisation has a gradient of 0 but for rounding.
        given = {k: p for k, p in gradients(m).items() if p is not None and not (m_bn and k in ("g.mlp.0.bias", "g.mlp.3.bias"))}
        t.case({"kind": "head", **kwargs}, x=x, y=y, gy=gy, gx=x.grad, **given)
    m = DINOLoss(6, 4, 0.04, 0.07, 3, 9)
    for epoch in [0, 1, 8]:
        student = torch.randn(4 * 3, 6, requires_grad=True); teacher = torch.randn(2 * 3, 6)
        loss = m(student * 0.3, teacher * 0.1, epoch); loss.backward()
        t.case({"kind": "loss", "epoch": epoch}, student=student * 0.3, teacher=teacher * 0.1, loss=loss, gstudent=student.grad / 0.3, center=m.center)
    t.save()
