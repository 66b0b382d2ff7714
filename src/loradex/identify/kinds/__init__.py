"""What a file is for, where it is no denoiser and no LoRA: adapters, VAEs, encoders, the rest."""
